/** The frame around every view: navigation, search, uploads, notices, keys. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { chosen, dropped } from "../files.js";
import { reset } from "../library.js";
import { attempt, dismiss, notices } from "../notices.js";
import { address, go, place } from "../router.js";
import { clearSelection } from "../selection.js";
import { session, signOut } from "../session.js";
import { useStore } from "../store.js";
import { toggleTheme } from "../theme.js";
import { upload } from "../uploads.js";
import { Albums } from "./albums.js";
import { Chat } from "./chat.js";
import { Detail } from "./detail.js";
import { Duplicates } from "./duplicates.js";
import { Help } from "./help.js";
import { Library } from "./library.js";
import { Search } from "./search.js";
import { SearchBox } from "./search_box.js";
import { UploadButton } from "./upload_button.js";
import { UploadPanel } from "./upload_panel.js";
import { Usage } from "./usage.js";

/** First part of the path -> what is shown. */
const VIEWS = {
  "": { name: "Library", icon: "photos", view: Library },
  search: { view: Search },
  chat: { name: "Chat", icon: "chat", view: Chat },
  albums: { name: "Albums", icon: "album", view: Albums },
  duplicates: { name: "Duplicates", icon: "copies", view: Duplicates },
  usage: { name: "Usage", icon: "usage", view: Usage },
};

export function Shell() {
  const { path, params } = useStore(place);
  const [helping, setHelping] = useState(false);
  const section = path.split("/")[1];
  const { view: View } = VIEWS[section] ?? VIEWS[""];
  const dragging = useDrop((files) => upload(files));
  useKeys(() => setHelping(true));
  // What is selected is what one sees: another list begins with nothing selected.
  useEffect(clearSelection, [address(path, { ...params, item: undefined })]);
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the images</a>
    <header class="top">
      <a class="brand" href=${address("/")} aria-label="Collections, to the library">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect x="2" y="3" width="16" height="12" rx="3" /><rect x="20" y="3" width="10" height="12" rx="3" class="faint" />
          <rect x="2" y="17" width="10" height="12" rx="3" class="faint" /><rect x="14" y="17" width="16" height="12" rx="3" />
        </svg>
        <span>Collections</span>
      </a>
      <${SearchBox} />
      <${UploadButton} />
      <${Account} onHelp=${() => setHelping(true)} />
    </header>
    <nav class="side" aria-label="Views">
      ${Object.entries(VIEWS).filter(([, each]) => each.name).map(([key, { name, icon }]) => html`
        <a key=${key} href=${address(`/${key}`)} aria-current=${key === section ? "page" : undefined}>
          <${Icon} name=${icon} /><span>${name}</span>
        </a>`)}
    </nav>
    <main id="main" tabindex="-1"><${View} /></main>
    <${UploadPanel} />
    <${Notices} />
    ${params.item && html`<${Detail} id=${params.item} />`}
    ${helping && html`<${Help} onClose=${() => setHelping(false)} />`}
    ${dragging && html`<div class="drop-target" aria-hidden="true"><div><${Icon} name="upload" />Drop images or a folder</div></div>`}`;
}

function Account({ onHelp }) {
  const { tokens } = useStore(session);
  const menu = useRef(null);
  const initial = (tokens?.email || "?")[0].toUpperCase();
  const leave = () => attempt(async () => {
    reset();
    await signOut();
  });
  function choose(action) {
    menu.current.open = false;
    action();
  }
  useEffect(() => {
    const close = (event) => { if (menu.current && !menu.current.contains(event.target)) menu.current.open = false; };
    addEventListener("click", close);
    return () => removeEventListener("click", close);
  }, []);
  return html`
    <details class="account" ref=${menu} onKeyDown=${(event) => { if (event.key === "Escape") menu.current.open = false; }}>
      <summary aria-label="Account">${initial}</summary>
      <div class="menu">
        <p class="faint">${tokens?.email}</p>
        <button onClick=${() => choose(toggleTheme)}><${Icon} name="theme" />Light or dark</button>
        <button onClick=${() => choose(onHelp)}><${Icon} name="help" />Keys</button>
        <button onClick=${() => choose(leave)}><${Icon} name="leave" />Sign out</button>
      </div>
    </details>`;
}

function Notices() {
  const { shown } = useStore(notices);
  return html`
    <div class="notices" role="status">
      ${shown.map(({ id, text, kind }) => html`
        <p key=${id} class="notice ${kind}">${text}
          <button class="quiet" aria-label="Dismiss" onClick=${() => dismiss(id)}><${Icon} name="close" /></button></p>`)}
    </div>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** Whether files are being dragged over the page; `onFiles` gets what is dropped. */
function useDrop(onFiles) {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    let depth = 0;
    const files = (event) => event.dataTransfer?.types.includes("Files");
    const enter = (event) => { if (files(event)) { depth += 1; setDragging(true); } };
    const leave = (event) => { if (files(event)) { depth -= 1; if (depth <= 0) setDragging(false); } };
    const over = (event) => { if (files(event)) event.preventDefault(); };
    const drop = (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      setDragging(false);
      void attempt(async () => onFiles(await dropped(event.dataTransfer)));
    };
    const paste = (event) => { if (event.clipboardData?.files.length) onFiles(chosen(event.clipboardData.files)); };
    const heard = { dragenter: enter, dragleave: leave, dragover: over, drop, paste };
    for (const [type, listener] of Object.entries(heard)) addEventListener(type, listener);
    return () => { for (const [type, listener] of Object.entries(heard)) removeEventListener(type, listener); };
  }, []);
  return dragging;
}

/** Keys that work everywhere but in a field. */
function useKeys(help) {
  useEffect(() => {
    const KEYS = {
      "/": () => document.getElementById("search").focus(),
      "?": help,
      g: () => go("/"),
      c: () => go("/chat"),
      a: () => go("/albums"),
      u: () => document.getElementById("choose-files").click(),
    };
    const press = (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const action = KEYS[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
