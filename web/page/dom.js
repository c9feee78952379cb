// Elements, made of text and never of markup: what a store holds is shown, not interpreted.

export const $ = id => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== 'style' && name !== 'list') made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined && child !== ''));
  return made;
}

// `text` with what stands in `backquotes` as code.
export const withCode = text => text.split('`').map((part, i) => i % 2 === 1 ? element('code', {}, part) : part);

export const cssColour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  element('a', {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
