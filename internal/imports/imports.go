// Package imports brings in lists of complaints that other bodies keep:
// consumidor.gov.br, ReclameAQUI, Procon, BACEN, as CSV or XLSX.
//
// A file is uploaded, looked into (format, encoding, columns), mapped by a
// person and then run. It is read as a stream; each row goes through the intake
// as an arrival of its own, under a key made of the source and the row, so that
// a run that was killed goes on where it was, and the same list brought again
// brings nothing twice. What is wrong with a row is kept with its number and
// column, and stops no other.
package imports

import (
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of an import.
var (
	ErrNotFound  = fault.New(fault.NotFound, "import_not_found")
	ErrFormat    = fault.New(fault.Invalid, "import_format")     // neither CSV nor XLSX, or nothing to read in it
	ErrTooLarge  = fault.New(fault.TooLarge, "import_too_large") // args: max, in megabytes
	ErrMapping   = fault.New(fault.Invalid, "import_mapping")
	ErrState     = fault.New(fault.Conflict, "import_state") // it runs, or has ended
	ErrSource    = fault.New(fault.Invalid, "import_source")
	ErrForbidden = fault.New(fault.Forbidden, "import_target") // who may not see what it would bring in
)

// Bounds of a file.
const (
	MaxCSV     = 1 << 30  // bytes
	MaxXLSX    = 64 << 20 // bytes, packed
	maxUnpack  = 1 << 30  // bytes of a spreadsheet, unpacked
	maxRows    = 5_000_000
	maxColumns = 100
	maxCell    = 20_000 // bytes of one cell
	maxErrors  = 10_000 // kept of one import
)

// Source is whose list it is.
type Source string

// The sources. Other is any list, mapped by hand.
const (
	ConsumidorGov Source = "consumidor_gov"
	ReclameAqui   Source = "reclame_aqui"
	Procon        Source = "procon"
	Bacen         Source = "bacen"
	Other         Source = "other"
)

// Sources are all of them.
var Sources = []Source{ConsumidorGov, ReclameAqui, Procon, Bacen, Other}

// Target is what the rows become: cases behind the wall, or tickets of the SAC.
type Target string

// The targets.
const (
	ToOmbudsman Target = "ombudsman"
	ToSAC       Target = "sac"
)

// State is how far an import is.
type State string

// The states.
const (
	Uploaded  State = "uploaded" // looked into, not run
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Import is one list.
type Import struct {
	ID         int64
	Name       string // of the file, for people only
	Blob       string
	Size       int64
	Source     Source
	Target     Target
	Shape      Shape
	Mapping    Mapping
	State      State
	Reason     string
	Rows       int64 // read so far
	Bytes      int64 // of Size, read so far
	Imported   int64 // new
	Already    int64 // brought before
	Failed     int64 // rows with something wrong
	AccountID  int64
	Account    string
	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
}

// Shape is how a file is written.
type Shape struct {
	Format    string // csv or xlsx
	Delimiter string
	Encoding  string // utf-8 or windows-1252; rows may differ, and are read either way
	Columns   []string
}

// Problem is what is wrong with one row.
type Problem struct {
	Row    int64 // of the file, the heading being 1
	Column string
	Code   string
	Value  string // what stood there, cut
}

// mayUse reports whether somebody may bring in, and see, what goes to a target:
// behind the wall, only whoever is there.
func mayUse(actor access.Actor, t Target) bool {
	if t == ToOmbudsman {
		return actor.Scope().Walled
	}
	return actor.May(access.RunImports)
}

func (s Source) valid() bool { return slices.Contains(Sources, s) }
