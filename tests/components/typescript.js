// Runs a TypeScript example of docs/components.md, which has no type annotations, with stand-ins for its two imports.
// Prints the components that it makes as JSON, where ${name.output} stands for another component's output, as in YAML.

const source = require("node:fs")
    .readFileSync(0, "utf8")
    .replace(/^import .*$/gm, "")
    .replace(/^export const/gm, "const");
const made = [];

function reference(path, depth) {
    return new Proxy({}, {
        get(_target, key) {
            if (key === "toJSON" || key === Symbol.toPrimitive) return () => `\${${path}}`;
            return reference(depth === 0 ? `${path}.${key}` : `${path}["${key}"]`, depth + 1);
        },
    });
}

const collections = new Proxy({}, {
    get(_target, component) {
        return class {
            constructor(name, inputs) {
                made.push({ component, name, inputs });
                return reference(name, 0);
            }
        };
    },
});
const pulumi = {
    Config: class {
        require(key) { return `\${${key}}`; }
        requireSecret(key) { return `\${${key}}`; }
    },
};

new Function("collections", "pulumi", `"use strict";${source}`)(collections, pulumi);
process.stdout.write(JSON.stringify(made));
