/** Markup as tagged templates. Values become text or attributes, never HTML: nothing here can write markup. */
import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
