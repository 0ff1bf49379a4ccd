package blob

import (
	"fmt"
	"syscall"
)

// Reserve is how much of the disk files never take: the database, which may be
// on the same one, must be able to go on when they cannot.
const Reserve = 256 << 20

// Room tells how many bytes are free on the disk of the files, and how many it has.
func (s *Store) Room() (free, whole uint64, err error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &disk); err != nil {
		return 0, 0, fmt.Errorf("ask how full the disk is: %w", err)
	}
	return disk.Bavail * uint64(disk.Bsize), disk.Blocks * uint64(disk.Bsize), nil
}

// Scarce reports whether somebody should make room soon: less than a tenth of
// the disk is left, and less than 5 GiB.
func Scarce(free, whole uint64) bool {
	return free < whole/10 && free < 5<<30
}

// roomy fails with ErrFull before a file would take what is reserved.
func (s *Store) roomy() error {
	free, _, err := s.Room()
	if err != nil {
		return err
	}
	if free < Reserve {
		return ErrFull.Because(fmt.Errorf("%d bytes are left, and %d are reserved", free, uint64(Reserve)))
	}
	return nil
}
