/** Finds as one types; Enter asks for an answer when the question mark says that it is a question. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { address, go, place } from "../router.js";
import { useStore } from "../store.js";

const PAUSE_MILLISECONDS = 250;
const LONGEST = 500;

export function SearchBox() {
  const { path, params } = useStore(place);
  const [text, setText] = useState(params.q ?? "");
  const field = useRef(null);
  const timer = useRef(0);
  const searching = path === "/search";
  useEffect(() => {
    // While one types, the field is ahead of the address.
    if (!searching) setText("");
    else if (document.activeElement !== field.current) setText(params.q ?? "");
  }, [params.q, searching]);

  function look(query, more = {}) {
    clearTimeout(timer.current);
    // An answer, and a search by an agent, are paid for: they are made when asked for, not at every letter.
    const type = params.type === "agentic" && !more.ask ? undefined : params.type;
    const kept = searching ? { ...params, type, item: undefined, ask: undefined } : {};
    if (query.trim()) go("/search", { ...kept, ...more, q: query }, { replace: searching });
    else if (searching) go("/");
  }
  function type(event) {
    const query = event.currentTarget.value;
    setText(query);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => look(query), PAUSE_MILLISECONDS);
  }
  function press(event) {
    if (event.key === "Escape") {
      setText("");
      look("");
      field.current.blur();
    }
    if (event.key === "ArrowDown") {
      event.preventDefault();
      document.querySelector(".grid a")?.focus();
    }
  }
  function submit(event) {
    event.preventDefault();
    look(text, text.trim().endsWith("?") ? { ask: "1" } : {});
  }
  return html`
    <form class="search" role="search" action=${address("/search")} onSubmit=${submit}>
      <${Icon} name="search" />
      <input id="search" ref=${field} type="search" autocomplete="off" maxlength=${LONGEST} aria-label="Search your images"
        placeholder="Search, or ask a question" value=${text} onInput=${type} onKeyDown=${press} />
      <kbd aria-hidden="true">/</kbd>
    </form>`;
}
