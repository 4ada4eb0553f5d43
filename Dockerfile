# One image for a command line, and for Prefect's docker, kubernetes and ecs work pools:
#
#   docker build --tag unroll .
#   docker run --init --volume unroll:/data unroll unroll run temperature
#
# It installs what `make setup` installs (a test compares the two), but for good and not editable.
# On x86 the index gives torch with CUDA, which is some gigabytes: for an image without GPUs give an
# index of torch's CPU builds by `--build-arg PIP_EXTRA_INDEX_URL=...`.
FROM python:3.11-slim AS build
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock ./
RUN python3 -m venv /opt/unroll
RUN /opt/unroll/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY params params
COPY components components
COPY dashboards dashboards
COPY flows flows
RUN /opt/unroll/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/unroll /opt/unroll
# 1000 is what a volume's owner must be: fsGroup on Kubernetes.
RUN useradd --create-home --uid 1000 unroll && mkdir /data && chown unroll:unroll /data
USER unroll
ENV PATH=/opt/unroll/bin:$PATH UNROLL_HOME=/data HF_HOME=/data/huggingface
VOLUME /data
WORKDIR /home/unroll
# No ENTRYPOINT: workers of Prefect give a whole command, which would be taken for its arguments.
CMD ["unroll", "--help"]
