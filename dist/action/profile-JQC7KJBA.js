import{h as a,i as b,j as c,k as d}from"./chunk-XPU2TDM4.js";import"./chunk-R4YSGAFI.js";import"./chunk-3RNHDNP5.js";export{c as findProfile,b as readProfiles,d as saveProfile,a as userDirectories};
