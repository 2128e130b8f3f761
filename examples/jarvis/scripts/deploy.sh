#!/bin/sh
# What `backout deploy` runs for jarvis/production: the pods of both Deployments become this release's. It waits for none of them.
# The example's releases differ in their version alone; FAULT is what is wrong with one (see ../release.py).
set -eu
kubeconfig=${1:?usage: deploy.sh KUBECONFIG NAMESPACE RELEASE [FAULT]} namespace=$2 release=$3 fault=${4:-none}

become() {
  kubectl --kubeconfig="$kubeconfig" --namespace="$namespace" patch deployment "$1" --patch "$2"
}

metadata="\"metadata\": {\"annotations\": {\"kubernetes.io/change-cause\": \"deploy $release\"}}"
labels="\"metadata\": {\"labels\": {\"app.kubernetes.io/version\": \"$release\"}}"
broken="\"spec\": {\"containers\": [{\"name\": \"api\", \"env\": [{\"name\": \"FAULT\", \"value\": \"$fault\"}]}]}"
become jarvis-api "{$metadata, \"spec\": {\"template\": {$labels, $broken}}}"
become jarvis-worker "{$metadata, \"spec\": {\"template\": {$labels}}}"
