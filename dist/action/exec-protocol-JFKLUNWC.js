import{a,b,c}from"./chunk-EIUVQGZD.js";import"./chunk-R4YSGAFI.js";import"./chunk-3RNHDNP5.js";export{c as createHelper,a as execProtocol,b as greatestText};
