"use strict";
const swagger = document.getElementById("swagger");
if (swagger) {
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
const redoc = document.getElementById("redoc");
if (redoc) {
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
