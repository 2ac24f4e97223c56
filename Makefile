# Everything a developer does, by name. `make help` lists it. Needs Python >= 3.11 and make, nothing else.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PACKAGES := contracts/legal contracts/messages contracts/runtime gateway svc-catalog svc-intake svc-workflow \
            svc-datashare svc-credit deploy/local
RUN := $(BIN)/python -m onestop_local
# Each worker has its own PostgreSQL and Kafka, so there are not more of them than a desk has room for.
TEST := $(BIN)/pytest -q --numprocesses logical --maxprocesses 4 --dist loadfile

# Compiled modules are kept: without them every process would spend 3 seconds compiling at every start.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough; or name one: make setup PYTHON=/path/to/python3.12
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if command -v $$name >/dev/null 2>&1 && \
	   $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$name; break; fi; done)

.PHONY: help setup demo up down status test check format contracts bench faults lock clean

help: ## 显示可用的命令
	@awk 'BEGIN {FS = ":.*## "} /^[a-z%-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## 建立 .venv 并安装锁定的依赖（已是最新时不做任何事）
	@if ! $(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null; then \
		echo "✘ 找不到 Python 3.11 或更高版本（Python >= 3.11 is needed）。" >&2; \
		echo "  → 请安装后重试，或指定它：make setup PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@$(PYTHON) deploy/bootstrap.py

demo: setup ## 启动整个平台，逐步演示一件事从登录到公示的全过程，然后停止
	@$(RUN) demo

up: setup ## 启动整个平台并保持运行，Ctrl-C 停止（ONESTOP_STACK 换名称，ONESTOP_PORT 换端口）
	@$(RUN) up

down: setup ## 停止在别处运行的平台，并结束遗留的进程
	@$(RUN) down

status: setup ## 查看平台各进程是否就绪
	@$(RUN) status

test: setup ## 运行全部测试（真实的 PostgreSQL 和 Kafka）
	@$(TEST)

check: setup ## 检查格式、规则、类型、边界和契约，运行不需要服务器的测试
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES:%=%/src)
	$(BIN)/lint-imports
	$(BIN)/python contracts/generate.py check
	$(TEST) --without-servers

format: setup ## 整理代码格式
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

contracts: setup ## 由代码生成事件模式和接口文档（contracts/events、contracts/openapi）
	@$(BIN)/python contracts/generate.py

bench: setup ## 运行全部性能测量，每项旁边都有参照（单项：make bench-P2）
	@$(BIN)/python tests/load

bench-%: setup
	@$(BIN)/python tests/load $*

faults: setup ## 在负载下逐一破坏一套完整的平台（半小时以上），核对无丢失、无重复，写出 docs/faults.md
	@$(BIN)/python tests/faults
	@$(BIN)/pytest -q tests/faults/long_leader_loss.py

LOCKED := --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock"

lock: setup ## 重新锁定全部依赖（Python 包和 Kafka 组件）
	@$(BIN)/uv pip compile --quiet $(LOCKED) \
		--no-emit-package onestop-legal --no-emit-package onestop-messages --no-emit-package onestop-runtime \
		-o requirements.lock $(PACKAGES:%=%/pyproject.toml) --group pyproject.toml:dev
	@echo uv | $(BIN)/uv pip compile --quiet $(LOCKED) --constraint requirements.lock -o deploy/bootstrap.lock -
	@$(BIN)/python -m onestop_local.jars

clean: ## 停止并删除所有本机环境、.venv 和缓存（下载缓存保留）
	@if [ -x $(BIN)/python ]; then for stack in .onestop/*/; do \
		[ -d "$$stack" ] && $(RUN) down --name "$$(basename "$$stack")"; done; true; fi
	@rm -rf .onestop .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
