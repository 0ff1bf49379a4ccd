package assign

// KeepOnCall is one turn of Run.
var KeepOnCall = (*Service).keepOnCall
