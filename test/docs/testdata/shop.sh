# The repository that pages run in: three services and a release, tagged, with
# their images. $NAME is the page's; so are its namespaces and its registry.

# images NAME... [-- FLAGS of the sandbox's image]: what a build would push.
images() {
	local names=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do names+=("$1"); shift; done
	[ $# -gt 0 ] && shift
	for service in "${names[@]}"; do
		pintle sandbox image "$NAME/$service:$(pintle version "$service")" "$@" >/dev/null
	done
}

# later moves a service on by one commit.
later() { # SERVICE [MESSAGE]
	echo "# $(git rev-parse --short HEAD)" >>"services/$1/values-prod.yaml"
	git commit -qam "${2:-fix($1): round prices}"
	git push -q -u origin HEAD
}

registry=$PINTLE_SANDBOX_REGISTRY/$NAME
git init -q --bare shop.git
cp -r "$ROOT/examples/shop/repo" shop
sed -e "s|REGISTRY|$registry|" -e "s|NAME|$NAME|" "$ROOT/test/docs/testdata/shop.yaml" >shop/pintle.yaml
pintle chart package "$ROOT/examples/shop/redis" --destination . >/dev/null
pintle chart push redis-20.1.3.tgz "oci://$registry/mirror" >/dev/null
cd shop
git init -q
git remote add origin ../shop.git
echo build/ >.gitignore
git add -A
git commit -qm "feat: the shop opens"
for service in catalog cart web; do git tag -a -m "$service 1.0.0" "$service/v1.0.0"; done
git push -q -u origin main --tags
images catalog cart web
