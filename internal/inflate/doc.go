// Package inflate decodes small zlib streams that lie in memory and whose content has a known size, as git's packs hold by
// the hundred thousand. Of such a stream most of the work is making its tables; compress/zlib takes two to three times as long.
// It accepts nothing that compress/zlib refuses; what it does not decode is to be given to that, which names what is wrong.
package inflate
