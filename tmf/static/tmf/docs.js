"use strict";
const swagger = document.querySelector("main.swagger");
if (swagger) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", paint);
  paint();
  window.SwaggerUIBundle({
    url: swagger.dataset.document,
    domNode: swagger,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    validatorUrl: null,
  });
}
const redoc = document.querySelector("main.redoc");
if (redoc) {
  keepImagesHere();
  const fonts = getComputedStyle(document.documentElement);
  window.Redoc.init(
    redoc.dataset.document,
    {
      disableSearch: false,
      hideDownloadButtons: true,
      scrollYOffset: "header.house",
      sortRequiredPropsFirst: true,
      theme: {
        colors: { primary: { main: fonts.getPropertyValue("--accent").trim() } },
        typography: {
          fontFamily: fonts.getPropertyValue("--text").trim(),
          headings: { fontFamily: fonts.getPropertyValue("--text").trim() },
          code: { fontFamily: fonts.getPropertyValue("--code").trim() },
        },
      },
    },
    redoc,
  );
}
// Redoc asks its maker's server for a logo. The page's policy would refuse that with an error; so it is not asked.
function keepImagesHere() {
  const image = HTMLImageElement.prototype;
  const isHere = (url) => url.startsWith("data:") || new URL(url, location).origin === location.origin;
  const src = Object.getOwnPropertyDescriptor(image, "src");
  Object.defineProperty(image, "src", { ...src, set(url) { if (isHere(url)) src.set.call(this, url); } });
  image.setAttribute = function (name, value) {
    if (name !== "src" || isHere(value)) Element.prototype.setAttribute.call(this, name, value);
  };
}
if (navigator.clipboard) {
  for (const code of document.querySelectorAll("pre.run > code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.before(button);
  }
}
