// The kit's script: htmx and Alpine (CSP build) under our rules, and the small behaviours every page shares.
// Nothing here decides anything: prices, stock and states come from the server.
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";
import { register as registerBehaviours } from "./behaviours.js";
import { register as registerShop } from "./shop.js";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages may hold codes: never keep them in the browser's storage
htmx.config.refreshOnHistoryMiss = true;
htmx.config.allowScriptTags = false;
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "4(09|22)", swap: true },
  { code: "[45]..", swap: false, error: true },
];
window.htmx = htmx;
window.Alpine = Alpine;
registerBehaviours(htmx);
registerShop(Alpine);
Alpine.start();
