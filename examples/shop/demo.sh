#!/bin/bash
# The main job in three acts, on a real Kubernetes API:
#
#   1  tags go out: redis, catalog, cart and web are deployed to prod
#   2  a cart that crashes at start fails fast, says why and is rolled back
#   3  the fix goes out; what did not change is not touched
#
# usage: pintle sandbox run -- demo.sh [prepare|act1|act2|act3]    all of them without an argument
#
# SHOP is the folder of the git repository, made by prepare; it is removed first.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH=$root/bin:$PATH
SHOP=${SHOP:-$root/build/demo/shop}
: "${PINTLE_SANDBOX_REGISTRY:?run this inside \"pintle sandbox run --\", as \"make demo\" does}"

say() {
	local bold="" plain=""
	[ -t 2 ] && bold=$'\033[1m' plain=$'\033[0m'
	printf '\n%s== %s%s\n' "$bold" "$*" "$plain" >&2
}
shop() { git -C "$SHOP" "$@"; }

# image NAME VERSION [script flags]: what a build would push.
image() { pintle sandbox image "shop/$1:$2" "${@:3}" >/dev/null; }

# fresh is the next build's checkout: without what bump wrote into the last one.
fresh() { shop checkout -q -- .; }

commit() { # MESSAGE, all changes
	shop add -A
	shop commit -q -m "$1"
}

release() { # SERVICE VERSION: tag it and push its image, as a build job would
	shop tag -a -m "$1 $2" "$1/v$2"
	image "$1" "$2" "${@:3}"
}

# run ACT EXPECTED-EXIT-CODE
run() {
	local code=0
	(cd "$SHOP" && pintle run --environment prod --branch main --report-dir "build/$1") || code=$?
	[ "$code" = "$2" ] || { echo "demo: $1 ended with exit code $code, not $2" >&2; exit 1; }
	echo "exit code $code; reports: $SHOP/build/$1/report/index.html and junit.xml beside it"
}

prepare() {
	rm -rf "$SHOP"
	mkdir -p "$SHOP"
	cp -r "$here/repo/." "$SHOP"
	sed -i.orig "s|REGISTRY|$PINTLE_SANDBOX_REGISTRY|" "$SHOP/pintle.yaml"
	rm "$SHOP/pintle.yaml.orig"
	shop init -q -b main
	shop config user.name Shop
	shop config user.email shop@example.com
	printf 'build/\n' >"$SHOP/.gitignore"
	commit "feat: the shop opens"
	pintle chart package "$here/redis" --destination "$SHOP/build" >/dev/null
	pintle chart push "$SHOP/build/redis-20.1.3.tgz" "oci://$PINTLE_SANDBOX_REGISTRY/mirror" >/dev/null
}

act1() {
	say "Act 1: catalog, cart and web 1.0.0 go to prod"
	for service in catalog cart web; do release "$service" 1.0.0 --log "$service 1.0.0 listens on :8080"; done
	run act1 0
}

act2() {
	say "Act 2: cart 1.1.0 crashes at start"
	fresh
	echo 'port: 8081' >>"$SHOP/services/cart/values-prod.yaml"
	commit "feat(cart): another port"
	release cart 1.1.0 --crash-after 300ms --exit-code 1 --log "cart 1.1.0 starts" \
		--log "panic: open /etc/cart/prices.json: no such file or directory"
	run act2 5
}

act3() {
	say "Act 3: cart 1.1.1 brings the fix; the others are left alone"
	fresh
	echo 'replicas: 2 # and the prices are in' >"$SHOP/services/cart/values-prod.yaml"
	commit "fix(cart): ship the price list"
	release cart 1.1.1 --log "cart 1.1.1 listens on :8080"
	run act3 0
}

case ${1:-all} in
prepare | act1 | act2 | act3) "$1" ;;
all)
	prepare
	act1
	act2
	act3
	say "Done. The repository and its reports: $SHOP"
	;;
*)
	echo "usage: demo.sh [prepare|act1|act2|act3]" >&2
	exit 3
	;;
esac
