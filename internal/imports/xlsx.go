package imports

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// sheetReader reads the first sheet of a spreadsheet row by row. The package
// unpacks large sheets to a temporary file, which close removes.
type sheetReader struct {
	book *excelize.File
	rows *excelize.Rows
}

func newSheet(r io.Reader) (*sheetReader, error) {
	book, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: maxUnpack, UnzipXMLSizeLimit: 8 << 20, RawCellValue: false})
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		book.Close()
		return nil, ErrFormat.Because(fmt.Errorf("no sheet"))
	}
	rows, err := book.Rows(sheets[0])
	if err != nil {
		book.Close()
		return nil, ErrFormat.Because(err)
	}
	return &sheetReader{book, rows}, nil
}

func (s *sheetReader) offset() int64 { return 0 }

func (s *sheetReader) next() ([]string, error) {
	for s.rows.Next() {
		cells, err := s.rows.Columns()
		if err != nil {
			return nil, badRow{code: "row_unreadable"}
		}
		if len(cells) > maxColumns {
			return nil, badRow{code: "columns_too_many"}
		}
		empty := true
		for i := range cells {
			cells[i] = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(cells[i], "\x00", ""), "\ufffd"))
			empty = empty && cells[i] == ""
		}
		if !empty {
			return cells, nil
		}
	}
	if err := s.rows.Error(); err != nil {
		return nil, ErrFormat.Because(err)
	}
	return nil, io.EOF
}

func (s *sheetReader) close() {
	s.rows.Close()
	s.book.Close()
}
