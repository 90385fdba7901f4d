/** `npm run build`: empties dist and compiles src into it. */
import { build, ensureNode } from "./prepared.mjs";

ensureNode();
build();
