/** The program of the decoder's thread, where modules can be had. */

import { loadTables } from "../load_tables.js";
import { serveDecoder } from "./decoder_worker.js";

serveDecoder(self, loadTables());
