import{a,b}from"./chunk-UCJOEQIE.js";import"./chunk-3RNHDNP5.js";export{a as cleanEnvironment,b as runProgram};
