/** A grid of any length, of which only what is seen is in the page: all cells are alike, so places can be computed. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { endRange, extendTo, selectAll, selection, toggle } from "../selection.js";
import { useStore } from "../store.js";
import { Tile } from "./tile.js";

const NARROWEST = 168;
const NARROWEST_ON_PHONE = 104;
const PHONE = 560;
const GAP = 10;
const GAP_ON_PHONE = 3;
/** Rows beyond the edges, so that images are there when they are scrolled to. */
const BEYOND = 3;
/** A screenful that passes in less than this is not looked at: its cells stay empty until the scroll gets slower. */
const GLIMPSE_MILLISECONDS = 150;
/** Without another step, a scroll is over. */
const STILL_MILLISECONDS = 80;

const STEPS = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: (columns) => columns, ArrowUp: (columns) => -columns };

/**
 * @param {{count: number, itemAt: (index: number) => object | undefined, onReach?: (index: number) => void,
 *   label: string}} props
 *   `itemAt` may give nothing yet: then the cell waits. `onReach` is told the last index that is seen.
 */
export function Grid({ count, itemAt, onReach, label }) {
  const list = useRef(null);
  const [layout, setLayout] = useState({ columns: 1, cell: 0, gap: GAP });
  const [rows, setRows] = useState({ first: 0, last: 0, passing: false });
  const [current, setCurrent] = useState(0);
  const wanted = useRef(-1);
  const drawn = useRef(new Set());
  const { ids: selected, selecting } = useStore(selection);

  useLayoutEffect(() => {
    const measure = () => setLayout((present) => {
      const next = layoutFor(list.current.clientWidth);
      return next.columns === present.columns && next.cell === present.cell ? present : next;
    });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);

  const height = layout.cell + layout.gap;
  useLayoutEffect(() => {
    let before = null;
    let stillness = 0;
    const look = () => {
      if (!list.current || !layout.cell) return;
      const top = -list.current.getBoundingClientRect().top;
      const first = Math.max(0, Math.floor(top / height) - BEYOND);
      const last = Math.ceil((top + innerHeight) / height) + BEYOND;
      const time = performance.now();
      const passing = before !== null
        && Math.abs(top - before.top) * GLIMPSE_MILLISECONDS > innerHeight * (time - before.time);
      before = { top, time };
      clearTimeout(stillness);
      if (passing) stillness = setTimeout(look, STILL_MILLISECONDS);
      setRows((present) => (
        present.first === first && present.last === last && present.passing === passing ? present : { first, last, passing }
      ));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      clearTimeout(stillness);
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [layout, count]);

  const from = Math.min(rows.first * layout.columns, count);
  const to = Math.min(rows.last * layout.columns, count);
  useEffect(() => { if (to > 0) onReach?.(to - 1); }, [to, count]);
  useEffect(() => {
    if (wanted.current < 0) return;
    const cell = list.current.querySelector(`[data-index="${wanted.current}"]`);
    if (!cell) return;
    wanted.current = -1;
    cell.focus({ preventScroll: true });
  });

  // Tiles are not rendered again for new functions: what they were given asks what holds now.
  const latest = useRef(null);
  latest.current = { current, itemAt };
  const [select] = useState(() => (event, item, index) => {
    const now = latest.current;
    if (event.shiftKey) extendTo(index, now.current, now.itemAt);
    else toggle(item.id, index);
  });
  const [click] = useState(() => (event, item, index) => {
    if (!event.shiftKey && (!selection.get().selecting || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    select(event, item, index);
  });

  function press(event) {
    const item = itemAt(current);
    if (event.key === "x" && item) return toggle(item.id, current);
    if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return selectAll(Array.from({ length: count }, (_, index) => itemAt(index)?.id).filter(Boolean));
    }
    const step = STEPS[event.key]?.(layout.columns) ?? { Home: -current, End: count - 1 - current }[event.key];
    if (step === undefined) return undefined;
    event.preventDefault();
    const next = Math.min(Math.max(current + step, 0), count - 1);
    if (Math.abs(step) === layout.columns && next !== current + step) return undefined;
    if (event.shiftKey) extendTo(next, current, itemAt);
    else endRange();
    wanted.current = next;
    setCurrent(next);
    return show(Math.floor(next / layout.columns));
  }
  function show(row) {
    const top = list.current.getBoundingClientRect().top + row * height;
    const margin = 80;
    if (top < margin) scrollBy({ top: top - margin });
    else if (top + height > innerHeight - margin / 2) scrollBy({ top: top + height - innerHeight + margin / 2 });
  }

  const cells = [];
  const before = drawn.current;
  drawn.current = new Set();
  const tabbable = current >= from && current < to ? current : from;
  for (let index = from; index < to; index += 1) {
    const item = itemAt(index);
    const shown = item && (!rows.passing || before.has(item.id) || index === current);
    if (shown) drawn.current.add(item.id);
    const position = {
      width: `${layout.cell}px`,
      height: `${layout.cell}px`,
      transform: `translate(${(index % layout.columns) * height}px, ${Math.floor(index / layout.columns) * height}px)`,
    };
    cells.push(html`
      <li key=${item?.id ?? `waiting-${index}`} style=${position} aria-setsize=${count} aria-posinset=${index + 1}>
        ${shown
          ? html`<${Tile} item=${item} index=${index} tabbable=${index === tabbable}
              selected=${selected.has(item.id)} onFocus=${setCurrent} onClick=${click} onSelect=${select} />`
          : html`<div class="tile ${item ? "" : "waiting"}"></div>`}
      </li>`);
  }
  const rowCount = Math.ceil(count / layout.columns);
  return html`
    <ul class="grid ${selecting ? "selecting" : ""}" ref=${list} aria-label=${label} onKeyDown=${press}
      style=${{ height: `${Math.max(0, rowCount * height - layout.gap)}px` }}>${cells}</ul>`;
}

function layoutFor(width) {
  const phone = width < PHONE;
  const gap = phone ? GAP_ON_PHONE : GAP;
  const columns = Math.max(1, Math.floor((width + gap) / ((phone ? NARROWEST_ON_PHONE : NARROWEST) + gap)));
  return { columns, gap, cell: Math.floor((width - gap * (columns - 1)) / columns) };
}
