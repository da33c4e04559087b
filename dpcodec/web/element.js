/** `<script type="module" src=".../element.js">` is all that a page needs to have `<dpc-audio>`. */

import { defineElement } from "./player/element.js";

defineElement();
