# syntax=docker/dockerfile:1
FROM node:22-bookworm AS build
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --target wasm32-unknown-unknown
ENV PATH=/root/.cargo/bin:$PATH TRIBUTARY_WASM=rustup
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/root/.cargo/registry \
    --mount=type=cache,target=/root/.cache/tributary \
    make build

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /srv/tributary tributary
COPY --from=build /build/dist /srv/tributary
WORKDIR /srv/tributary
# What is uploaded, unless FILES_URL says otherwise.
RUN mkdir -p var/files && chown tributary var/files
VOLUME /srv/tributary/var/files
USER tributary
ENV LEPTOS_SITE_ADDR=0.0.0.0:3000
EXPOSE 3000
ENTRYPOINT ["./tributary"]
CMD ["serve"]
