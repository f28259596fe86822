/** Icons as strokes on a 24 by 24 grid; decoration beside a text or a label, so hidden from screen readers. */
import { html } from "./html.js";

const PATHS = {
  photos: "M4 5h10v8H4zM17 5h3v8h-3zM4 16h4v3H4zM11 16h9v3h-9z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500",
  chat: "M4 5h16v11H9l-5 4z",
  album: "M4 8h16v12H4zM7 4.500h10",
  copies: "M8 8h12v12H8zM16 8V4H4v12h4",
  usage: "M5 20V11M12 20V4M19 20v-6",
  upload: "M12 16V4M7 9l5-5 5 5M4 20h16",
  close: "M6 6l12 12M18 6L6 18",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  check: "M5 12.500l4.500 4.500L19 7.500",
  alert: "M12 8v5M12 16.500v.5M12 3.500l9.500 17h-19z",
  retry: "M19 12a7 7 0 1 1-2.100-5M17 3v4h-4",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.5",
  leave: "M14 4h5v16h-5M4 12h10M10.500 8.500L14 12l-3.500 3.500",
  pin: "M12 21s-6.500-6-6.500-11a6.500 6.500 0 0 1 13 0c0 5-6.500 11-6.500 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  spark: "M12 4l1.800 5.200L19 11l-5.200 1.800L12 18l-1.800-5.200L5 11l5.200-1.800zM19 16v4M17 18h4",
  plus: "M12 5v14M5 12h14",
  send: "M4 12l16-7-6 15-3-6z",
  folder: "M3.500 6h6l2 2.500h9V19h-17z",
  open: "M13 5h6v6M19 5l-8 8M17 14v5H5V7h5",
  out: "M4 8h7M4 8v12h16V8h-3M9 15h6M14 4v7M11 7l3-3 3 3",
  select: "M4 4h16v16H4zM8 12l3 3 5-6",
  tag: "M4 4h8l8 8-8 8-8-8zM8.500 8.500v.01",
};

/** @param {{name: keyof typeof PATHS}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
