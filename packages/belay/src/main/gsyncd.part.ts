export { gsyncdMain } from "@belay/georep";
