export { georepCommands } from "@belay/georep";
