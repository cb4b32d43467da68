package access

// Use is what operations do with one object. What an account needs for it is in this one place: Check asks for it
// before anything is touched, and Roles writes it down.
type Use struct {
	Create, Change, Recreate, Delete bool
	Undo                             bool // what was done is undone where the rest fails
	Wait                             bool // until it is ready, or gone
}

// Everything is what the operations on a release do with an object of it, taken together, and what hooks do with
// theirs.
var Everything = Use{Create: true, Change: true, Recreate: true, Delete: true, Undo: true, Wait: true}

// Verbs are those of the API. Server-side apply patches, and creates what is absent.
func (u Use) Verbs() []string {
	verbs := []string{"get"}
	if u.Create || u.Recreate || u.Delete && u.Undo {
		verbs = append(verbs, "create")
	}
	if u.Create || u.Change || u.Recreate || u.Delete && u.Undo {
		verbs = append(verbs, "patch")
	}
	if u.Delete || u.Recreate || u.Create && u.Undo {
		verbs = append(verbs, "delete")
	}
	if u.Wait || u.Create && u.Undo { // until it is gone
		verbs = append(verbs, "list", "watch")
	}
	return verbs
}
