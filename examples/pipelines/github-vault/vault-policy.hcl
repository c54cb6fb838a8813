path "secret/data/bbstate/*" {
  capabilities = ["create", "read", "update"]
}
