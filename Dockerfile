# The web page and the REST service: docs/deploy.md says how to run it.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY recipes recipes
RUN python -m venv /opt/photochrom && /opt/photochrom/bin/pip install --no-cache-dir ".[serve]"

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin photochrom \
    && install -d -o photochrom -g photochrom -m 0700 /spool
COPY --from=build /opt/photochrom /opt/photochrom
ENV PATH=/opt/photochrom/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TMPDIR=/spool
USER photochrom
VOLUME /spool
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["photochrom"]
CMD ["serve", "--host", "0.0.0.0", "--spool", "/spool", "--max-spool", "3G"]
