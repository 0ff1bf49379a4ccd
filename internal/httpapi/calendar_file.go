package httpapi

import (
	"io"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/calendar"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// bringDays is what an import takes beside its file.
type bringDays struct {
	Run     string `json:"run,omitempty" enum:"true,false" doc:"true does it; otherwise it is only told what it would do"`
	Version string `json:"version,omitempty" doc:"Of the calendar that was looked at; another now is a conflict"`
}

// BroughtDays is what a file of days does, or would do. What it does not name stays.
type BroughtDays struct {
	Done     bool          `json:"done"`
	Adds     []SpecialDay  `json:"adds"`
	Replaces []ReplacedDay `json:"replaces"`
	Skips    []SkippedDay  `json:"skips" doc:"Days that change nothing"`
	Bad      []BadDay      `json:"bad" doc:"Lines that could not be read"`
	Calendar Calendar      `json:"calendar"`
}

// ReplacedDay is a special day of which the file says something else.
type ReplacedDay struct {
	Was SpecialDay `json:"was"`
	Now SpecialDay `json:"now"`
}

// SkippedDay is a day that changes nothing.
type SkippedDay struct {
	Day  string `json:"day"`
	Name string `json:"name"`
	Why  string `json:"why" doc:"In the reader's language"`
}

// BadDay is a line that could not be read.
type BadDay struct {
	Line int    `json:"line"`
	Text string `json:"text"`
	Why  string `json:"why" doc:"In the reader's language"`
}

// bring handles POST /api/calendars/{id}/days/import.
func (h calendarRoutes) bring(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c, "run", "version")
	if err != nil {
		return err
	}
	if len(f.files) != 1 {
		return errFiles.Field("body.files", "exactly_one")
	}
	version := 0
	if text := f.values["version"]; text != "" {
		if version, err = strconv.Atoi(text); err != nil || version < 1 {
			return errInvalid.Field("body.version", "not_integer")
		}
	}
	if run := f.values["run"]; run != "" && run != "true" && run != "false" {
		return errInvalid.Field("body.run", "not_boolean")
	}
	file, err := f.files[0].Open()
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, calendar.MaxFile+1))
	if err != nil {
		return err
	}
	b, err := h.calendars.Bring(ctx, actorOf(ctx), c.Params("id"), text, short(f.files[0].Filename), f.values["run"] == "true", version)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, broughtBody(requestOf(ctx).lang, b))
}

func broughtBody(lang string, b calendar.Brought) BroughtDays {
	found := func(f calendar.Found) SpecialDay {
		return SpecialDay{Day: f.Day.String(), Hours: hoursBody(f.Hours), Reason: f.Name}
	}
	return BroughtDays{
		Done: b.Done, Adds: itemsOf(b.Adds, found).Items, Calendar: calendarBody(lang, b.Calendar),
		Replaces: itemsOf(b.Replaces, func(r calendar.Replaced) ReplacedDay { return ReplacedDay{specialDayBody(r.Was), found(r.Found)} }).Items,
		Skips: itemsOf(b.Skips, func(s calendar.Skipped) SkippedDay {
			return SkippedDay{s.Day.String(), s.Name, i18n.Text(lang, "calendar.skip."+s.Why, nil)}
		}).Items,
		Bad: itemsOf(b.Bad, func(x calendar.Bad) BadDay {
			return BadDay{x.Line, x.Text, i18n.Text(lang, "calendar.file."+x.Code, nil)}
		}).Items,
	}
}
