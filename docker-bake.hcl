# docker buildx bake: every image of this repository. VERSION and REGISTRY are taken from the environment.
variable "VERSION" {
  default = "dev"
}

variable "REGISTRY" {
  default = ""
}

# Node.js 22 and Debian trixie are the last that have arm/v7.
variable "PLATFORMS" {
  default = "linux/amd64,linux/arm64,linux/arm/v7"
}

function "tags" {
  params = [name, suffix]
  result = ["${REGISTRY}balena-backup/${name}:${VERSION}${suffix}"]
}

group "default" {
  targets = ["orchestrator", "collector", "duplicity", "duplicity-full"]
}

target "common" {
  platforms = split(",", PLATFORMS)
}

target "orchestrator" {
  inherits = ["common"]
  context  = "."
  tags     = tags("orchestrator", "")
}

target "collector" {
  inherits = ["common"]
  context  = "collector"
  tags     = tags("collector", "")
}

target "duplicity" {
  inherits = ["common"]
  context  = "deploy/duplicity"
  target   = "small"
  tags     = tags("duplicity", "")
}

target "duplicity-full" {
  inherits = ["common"]
  context  = "deploy/duplicity"
  target   = "full"
  tags     = tags("duplicity", "-full")
}
