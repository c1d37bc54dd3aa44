// Starts Swagger UI on the page /api/docs; the address of the specification comes from the page.
(function () {
  const box = document.getElementById("api-docs");
  const root = document.documentElement;
  const follow = () => root.classList.toggle("dark-mode", root.getAttribute("data-bs-theme") === "dark");
  follow();
  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-bs-theme"] });
  window.SwaggerUIBundle({
    url: box.dataset.specUrl,
    domNode: box,
    deepLinking: true,
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    requestInterceptor(request) {
      if (new URL(request.url, location.href).origin === location.origin) {
        request.headers["X-CSRF-Token"] = box.dataset.csrfToken;
      }
      return request;
    },
  });
})();
