/** Albums, and what is in one. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { show } from "../library.js";
import { loadNames, names } from "../names.js";
import { attempt, notify } from "../notices.js";
import { address, go, place } from "../router.js";
import { useStore } from "../store.js";
import { many } from "../words.js";
import { Images } from "./library.js";
import { Empty, Loading } from "./states.js";

export function Albums() {
  const { path } = useStore(place);
  const { albums, loaded } = useStore(names);
  const open = path.split("/")[2];
  useEffect(() => { void attempt(loadNames); }, [open]);
  if (!loaded) return html`<${Loading} />`;
  const album = albums.find((each) => each.id === open);
  return album ? html`<${Album} key=${album.id} album=${album} />` : html`<${Shelf} albums=${albums} />`;
}

function Shelf({ albums }) {
  const [name, setName] = useState("");
  function make(event) {
    event.preventDefault();
    const wanted = name.trim();
    if (!wanted) return;
    setName("");
    void attempt(async () => {
      await call("POST", "albums", { body: { name: wanted } });
      await loadNames();
    });
  }
  return html`
    <div class="heading"><h1>Albums</h1>
      <form class="inline" onSubmit=${make}>
        <input aria-label="Name of the new album" placeholder="New album" value=${name} onInput=${(event) => setName(event.currentTarget.value)} />
        <button><${Icon} name="plus" />Create</button>
      </form>
    </div>
    ${albums.length
      ? html`<ul class="shelf">${albums.map((album) => html`<li key=${album.id}><a href=${address(`/albums/${album.id}`)}>
          <${Cover} id=${album.id} /><b>${album.name}</b><span class="faint">${many(album.items, "image")}</span></a></li>`)}</ul>`
      : html`<${Empty} icon="album" title="No album yet">Create one here; then select images in the library to add them to it.<//>`}`;
}

/** The newest four images. */
function Cover({ id }) {
  const [urls, setUrls] = useState([]);
  useEffect(() => {
    void attempt(async () => {
      const page = await call("GET", "items", { query: { album: id, limit: 4 } });
      setUrls(page.items.map((item) => item.thumbnail_url).filter(Boolean));
    });
  }, [id]);
  return html`<span class="cover count-${urls.length}">${urls.map((url) => html`<img key=${url} src=${url} alt="" loading="lazy" />`)}</span>`;
}

function Album({ album }) {
  useEffect(() => { show({ album: album.id }); }, [album.id]);
  const rename = (event) => {
    const name = event.currentTarget.value.trim();
    if (name && name !== album.name) void attempt(async () => { await call("PATCH", `albums/${album.id}`, { body: { name } }); await loadNames(); });
  };
  const forget = () => attempt(async () => {
    await call("DELETE", `albums/${album.id}`);
    await loadNames();
    notify("The album is deleted; its images are not.");
    go("/albums");
  });
  return html`
    <div class="heading">
      <a class="button quiet" href=${address("/albums")} aria-label="All albums"><${Icon} name="left" /></a>
      <h1 class="hidden">${album.name}</h1>
      <input class="title" aria-label="Name of the album" value=${album.name} onBlur=${rename} onKeyDown=${(event) => event.key === "Enter" && event.currentTarget.blur()} />
      <button class="danger" onClick=${forget}><${Icon} name="trash" />Delete album</button>
    </div>
    <${Images} label=${album.name} nothing=${html`<${Empty} icon="album" title="Nothing in this album">Select images in the library, and choose this album to add them.<//>`} />`;
}
