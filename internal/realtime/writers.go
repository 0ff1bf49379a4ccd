package realtime

import (
	"runtime"
	"sync"
	"time"
)

const (
	slot  = 10 * time.Millisecond
	slots = 16 // more than fit into frameGap
)

// writers are the goroutines that write frames. There are none while nothing is
// to be written, and a few while sockets take what they are given: one for each
// connection would cost thousands of stacks at every event. When none of them
// gets on for a slot, all are stuck with browsers that read nothing; then there
// are twice as many, until everybody else has been served. A browser is stuck
// for at most writeTime, and only once: it is let go.
//
// run turns a wheel of slots with those whose gap since the last frame has not
// passed yet; it does not turn while it is empty.
type writers struct {
	began time.Time
	wake  chan struct{}

	mu      sync.Mutex
	ready   []*client // from head on, oldest first
	head    int
	working int
	taken   uint64 // how many have been taken from ready
	wheel   [slots][]*client
	turned  int64 // the last slot that was emptied, counted from began
	waiting int   // in the wheel
	all     sync.WaitGroup
}

func newWriters() *writers {
	return &writers{began: time.Now(), wake: make(chan struct{}, 1)}
}

// add has c written after wait.
func (w *writers) add(c *client, wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wait <= 0 {
		w.enqueue(c)
	} else {
		if w.waiting == 0 {
			w.turned = w.now()
		}
		at := int64((time.Since(w.began)+min(wait, frameGap))/slot) + 1
		w.wheel[at%slots] = append(w.wheel[at%slots], c)
		w.waiting++
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writers) now() int64 { return int64(time.Since(w.began) / slot) }

func (w *writers) enqueue(c *client) {
	w.ready = append(w.ready, c)
	if w.working < 2*runtime.GOMAXPROCS(0) {
		w.start(1)
	}
}

func (w *writers) start(n int) {
	w.working += n
	for range n {
		w.all.Go(w.work)
	}
}

func (w *writers) work() {
	for {
		w.mu.Lock()
		if w.head == len(w.ready) {
			w.working--
			clear(w.ready)
			w.ready, w.head = w.ready[:0], 0
			w.mu.Unlock()
			return
		}
		c := w.ready[w.head]
		w.head++
		w.taken++
		w.mu.Unlock()
		c.write()
	}
}

// run works until stop is closed, by when nobody may be waiting any more.
func (w *writers) run(stop <-chan struct{}) {
	defer w.all.Wait()
	for {
		select {
		case <-stop:
			return
		case <-w.wake:
		}
		tick := time.NewTicker(slot)
		for seen, busy := uint64(0), true; busy; {
			<-tick.C
			seen, busy = w.turn(seen)
		}
		tick.Stop()
	}
}

// turn moves on those whose time has come, and helps when none of the writers has
// taken anybody since it had been seen that far.
func (w *writers) turn(seen uint64) (taken uint64, busy bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stuck := w.head < len(w.ready) && w.taken == seen
	for now := w.now(); w.turned < now && w.waiting > 0; {
		w.turned++
		due := w.wheel[w.turned%slots]
		for _, c := range due {
			w.enqueue(c)
		}
		w.waiting -= len(due)
		clear(due)
		w.wheel[w.turned%slots] = due[:0]
	}
	if stuck {
		w.start(min(w.working, len(w.ready)-w.head))
	}
	return w.taken, w.waiting > 0 || w.head < len(w.ready)
}
