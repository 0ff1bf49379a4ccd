package intake

// QueueSize is how many submissions may wait.
const QueueSize = queueSize

// Waiting is how many do.
func (in *Intake) Waiting() int { return len(in.queue) }
