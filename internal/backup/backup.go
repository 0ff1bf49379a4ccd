// Package backup writes everything that must not be lost into a folder, and
// brings it back.
//
// A backup is a folder of plain parts: one compressed file of COPY text for each
// table, all of one snapshot of the database; the files that people sent, by the
// hash of their content; and a manifest, written last, with counts and hashes of
// all of it. A folder without a manifest is no backup. Nothing in it belongs to
// a version of PostgreSQL or needs its tools, and the server may go on working
// while it is written.
//
// The database is taken first and the files after it: a file is stored before
// the row that names it is committed, so whatever the snapshot names is there.
package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of writing and of bringing back.
var (
	ErrExists   = fault.New(fault.Conflict, "backup_exists")    // the folder has something in it already
	ErrNone     = fault.New(fault.NotFound, "backup_none")      // there is no complete backup in the folder
	ErrDamaged  = fault.New(fault.Invalid, "backup_damaged")    // args: part
	ErrNewer    = fault.New(fault.Conflict, "backup_newer")     // made by a later version than this one
	ErrNotEmpty = fault.New(fault.Conflict, "restore_notempty") // the database has tickets, mails or accounts
	ErrInUse    = fault.New(fault.Conflict, "restore_in_use")   // a server works on the database
)

// format is what this program writes and reads.
const format = 1

const (
	manifestName = "manifest.json"
	tablesFolder = "tables"
	filesFolder  = "files"
)

// Manifest says what a backup holds.
type Manifest struct {
	Format    int              `json:"format"`
	TakenAt   time.Time        `json:"taken_at"` // of the snapshot, by PostgreSQL's clock
	Schema    int64            `json:"schema"`   // number of the last migration
	Epoch     string           `json:"epoch"`    // of the events
	Tables    []Table          `json:"tables"`   // each after those it refers to
	Sequences map[string]int64 `json:"sequences"`
	Files     []File           `json:"files"`
}

// Table is the part of one table.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"` // of the COPY text before it was compressed
}

// File is a stored file; the hash is its name.
type File struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Rows is how many rows the backup holds, of all tables.
func (m Manifest) Rows() (n int64) {
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// Bytes is how large the files are together.
func (m Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Progress is told how far the work has come: of all steps, how many are done,
// and what is being done.
type Progress func(step Step, done, all int64)

// Step is a part of the work, as progress names it.
type Step string

// The steps, in their order. Tables count rows, files bytes.
const (
	StepTables Step = "tables"
	StepFiles  Step = "files"
	StepCheck  Step = "check"
)

func (p Progress) tell(step Step, done, all int64) {
	if p != nil {
		p(step, done, all)
	}
}

// Read reads the manifest of the backup in dir.
func Read(dir string) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, ErrNone.With("folder", dir)
	}
	if err != nil {
		return m, fmt.Errorf("read the manifest of the backup: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, ErrDamaged.With("part", manifestName).Because(err)
	}
	if m.Format != format {
		return m, ErrNewer.With("schema", m.Schema)
	}
	return m, nil
}

func tablePath(dir, table string) string { return filepath.Join(dir, tablesFolder, table+".copy.zst") }

func filePath(dir, hash string) string { return filepath.Join(dir, filesFolder, hash[:2], hash) }

// within refuses what would leave the folder: a manifest is only a file, and
// whoever restores may have been handed it.
func within(name string) bool { return filepath.IsLocal(name) && filepath.Base(name) == name }
