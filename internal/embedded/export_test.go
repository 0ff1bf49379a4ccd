package embedded

// Alive lets the tests ask what the package asks.
var Alive = alive
