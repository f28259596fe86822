/** A point on an outline of the world (Natural Earth, as TopoJSON), drawn here: nobody else learns where one was. */
import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { coordinates } from "../words.js";

const WIDTH = 720;
const HEIGHT = 360;
let outline = null;

export function WorldMap({ latitude, longitude }) {
  const [path, setPath] = useState("");
  useEffect(() => { world().then(setPath, () => setPath("")); }, []);
  const [x, y] = project(longitude, latitude);
  const where = coordinates(latitude, longitude);
  return html`
    <figure class="map">
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT - 40}" role="img" aria-label="World map with a point at ${where}">
        <path class="land" d=${path} /><circle class="halo" cx=${x} cy=${y} r="14" /><circle class="point" cx=${x} cy=${y} r="5" />
      </svg>
      <figcaption><${Icon} name="pin" />${where}</figcaption>
    </figure>`;
}

/** Degrees to the drawing's units: equirectangular. */
function project(longitude, latitude) {
  return [((longitude + 180) / 360) * WIDTH, ((90 - latitude) / 180) * HEIGHT];
}

function world() {
  outline ??= fetch(`${document.getElementById("gallery").dataset.assets}world.json`)
    .then((answer) => answer.json())
    .then(draw)
    .catch((error) => {
      outline = null;
      throw error;
    });
  return outline;
}

/** TopoJSON as an SVG path: arcs are lists of steps on a grid; a negative number is an arc backwards. */
function draw({ arcs, transform, objects }) {
  const lines = arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return project(x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1]);
    });
  });
  const line = (index) => (index < 0 ? lines[~index].toReversed() : lines[index]);
  const ring = (indexes) => `M${indexes.flatMap(line).map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
  return objects.land.geometries.flatMap((geometry) => geometry.arcs.flat()).map(ring).join("");
}
