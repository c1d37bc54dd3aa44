# The browser's files
FROM node:20.20.2-bookworm-slim AS web
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tools/web tools/web
COPY web_assets web_assets
RUN mkdir -p server/web/static && npm run build

FROM python:3.11.14-slim-bookworm
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 RAPPORT_ENV=production RAPPORT_BIND=0.0.0.0:8400
WORKDIR /srv/rapport
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN pip install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY server server
COPY email_templates email_templates
COPY playbooks playbooks
COPY --from=web /build/server/web/static/dist server/web/static/dist
RUN pip install --no-deps --no-build-isolation --editable . && useradd --system --uid 10001 rapport
USER 10001
EXPOSE 8400
CMD ["rapport", "web"]
