export { georepCommands, georepLeftovers, georepPlaces } from "@belay/georep";
