package blob

// Stored lets a test see how a full disk is told.
var Stored = stored
