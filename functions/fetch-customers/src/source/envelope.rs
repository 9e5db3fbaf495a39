//! Reads the object around a list while it arrives: finds the list, keeps a few small members, skips all others.

use bytes::{Buf, Bytes};

use super::{
    json_array::BYTE_ORDER_MARK,
    member::{Captured, Place},
    pointer::Pointer,
    scanner::Scanner,
};

/// The longest member that is kept. Links and cursors have a few hundred bytes.
const MAX_CAPTURE: usize = 16 * 1024;

/// The longest name of a member that can be one that a pointer names, escapes included.
const MAX_NAME: usize = 1024;

/// The page is not an object with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEnvelope {
    /// The byte at which it stops being one, from 0.
    pub at: u64,
    /// It is JSON there, but no array.
    pub is_no_list: bool,
}

/// What the envelope did with a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The list begins with the next byte.
    List,
    /// It needs the next chunk.
    NeedsChunk,
}

/// Takes chunks, split anywhere. Holds no more than the members that it keeps; of a member that is there more than once,
/// it keeps the last one that says something.
#[derive(Debug)]
pub(super) struct Envelope {
    list: Pointer,
    kept: Vec<(Pointer, Captured)>,
    state: State,
    /// Bytes consumed so far, those of the list included.
    position: u64,
    /// The member that is read, by its names from the outermost object in; `None` for a name that no pointer has.
    path: Vec<Option<String>>,
    /// How many objects are open.
    depth: usize,
    scanner: Scanner,
    /// The name or the value that is read, as far as it is kept.
    buffer: Vec<u8>,
    /// Its length.
    length: usize,
    /// The value that is read is looked at.
    keeps: bool,
    lists: usize,
    members: u64,
}

/// What the envelope expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The byte order mark from this byte on, or what comes after it.
    Mark(usize),
    Root,
    NameOrEnd,
    Name,
    RestOfName,
    Colon,
    Value,
    RestOfValue,
    CommaOrEnd,
    Nothing,
}

impl Envelope {
    pub(super) fn new(list: Pointer, kept: impl IntoIterator<Item = Pointer>) -> Self {
        Self {
            list,
            kept: kept
                .into_iter()
                .map(|pointer| (pointer, Captured::Absent))
                .collect(),
            state: State::Mark(0),
            position: 0,
            path: Vec::new(),
            depth: 0,
            scanner: Scanner::new(b'}'),
            buffer: Vec::new(),
            length: 0,
            keeps: false,
            lists: 0,
            members: 0,
        }
    }

    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Whether nothing but blanks was consumed.
    pub(super) const fn is_blank(&self) -> bool {
        matches!(self.state, State::Mark(0 | 3) | State::Root)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.state == State::Nothing
    }

    /// Whether there was a list. An object without any member is what some APIs answer where there is nothing to list.
    pub(super) const fn has_list(&self) -> bool {
        self.lists > 0 || self.members == 0
    }

    pub(super) fn kept(&self, pointer: &Pointer) -> &Captured {
        let kept = self.kept.iter().find(|(kept, _)| kept == pointer);
        kept.map_or(&Captured::Absent, |(_, value)| value)
    }

    /// The list was read: it ended before byte `position`.
    pub(super) fn list_ended(&mut self, position: u64) {
        self.position = position;
        self.value_ended();
    }

    /// Consumes the front of `chunk`, up to the list if it begins there.
    pub(super) fn consume(&mut self, chunk: &mut Bytes) -> Result<Step, InvalidEnvelope> {
        while let Some(&byte) = chunk.first() {
            match (self.state, byte) {
                (State::Mark(at), _) if BYTE_ORDER_MARK.get(at) == Some(&byte) => {
                    self.state = State::Mark(at + 1);
                }
                (State::Mark(0 | 3), _) => {
                    self.state = State::Root;
                    continue;
                }
                (State::Mark(_), _) => return Err(self.invalid()),
                (State::RestOfName | State::RestOfValue, _) => {
                    self.scan(chunk)?;
                    continue;
                }
                (_, b' ' | b'\t' | b'\n' | b'\r') => {}
                (State::Root, b'{') => self.open(),
                (State::NameOrEnd | State::CommaOrEnd, b'}') => self.close(),
                (State::CommaOrEnd, b',') => self.state = State::Name,
                (State::NameOrEnd | State::Name, b'"') => {
                    self.members += 1;
                    self.begin(State::RestOfName);
                    continue;
                }
                (State::Colon, b':') => self.state = State::Value,
                (State::Value, b'{') if self.leads_to_a_pointer() => {
                    for (pointer, kept) in &mut self.kept {
                        // It is not kept, since another member is looked for in it.
                        if Place::of(pointer, &self.path) == Place::There {
                            *kept = Captured::Unreadable;
                        }
                    }
                    self.open();
                }
                (State::Value, _) => {
                    let is_list = self.place_of(&self.list) == Place::There;
                    match byte {
                        b'[' if is_list => {
                            self.lists += 1;
                            return Ok(Step::List);
                        }
                        b'n' => {}
                        _ if is_list => return Err(self.no_list(self.position)),
                        _ => {}
                    }
                    let is_kept = |(pointer, _): &(Pointer, _)| self.place_of(pointer) != Place::Elsewhere;
                    self.keeps = is_list || self.kept.iter().any(is_kept);
                    self.begin(State::RestOfValue);
                    continue;
                }
                (
                    State::Root
                    | State::NameOrEnd
                    | State::Name
                    | State::Colon
                    | State::CommaOrEnd
                    | State::Nothing,
                    _,
                ) => return Err(self.invalid()),
            }
            chunk.advance(1);
            self.position += 1;
        }
        Ok(Step::NeedsChunk)
    }

    const fn invalid(&self) -> InvalidEnvelope {
        InvalidEnvelope {
            at: self.position,
            is_no_list: false,
        }
    }

    const fn no_list(&self, at: u64) -> InvalidEnvelope {
        InvalidEnvelope { at, is_no_list: true }
    }

    fn place_of(&self, pointer: &Pointer) -> Place {
        Place::of(pointer, &self.path)
    }

    /// Whether a pointer names a member of the object that begins here.
    fn leads_to_a_pointer(&self) -> bool {
        let mut pointers = self.kept.iter().map(|(pointer, _)| pointer).chain([&self.list]);
        pointers.any(|pointer| self.place_of(pointer) == Place::Inside)
    }

    /// Keeps the value that was read where a pointer names it. Where a pointer leads into it, it is no object.
    fn keep(&mut self, value: &Captured) {
        for (pointer, kept) in &mut self.kept {
            let is_new = *kept == Captured::Absent;
            match Place::of(pointer, &self.path) {
                Place::There if is_new || !value.is_nothing() => *kept = value.clone(),
                Place::Inside if is_new && !value.is_nothing() => *kept = Captured::Unreadable,
                Place::There | Place::Inside | Place::Elsewhere => {}
            }
        }
    }

    fn open(&mut self) {
        self.depth += 1;
        self.state = State::NameOrEnd;
    }

    fn close(&mut self) {
        self.depth -= 1;
        if self.depth == 0 {
            self.state = State::Nothing;
        } else {
            self.value_ended();
        }
    }

    fn value_ended(&mut self) {
        self.path.pop();
        self.state = State::CommaOrEnd;
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.scanner = Scanner::new(b'}');
        self.buffer.clear();
        self.length = 0;
    }

    /// Consumes a part of a name or of a value.
    fn scan(&mut self, chunk: &mut Bytes) -> Result<(), InvalidEnvelope> {
        let (bytes, ended) = self.scanner.scan(chunk, self.length == 0);
        if bytes == 0 && self.length == 0 {
            // No value begins with this byte.
            return Err(self.invalid());
        }
        let is_name = self.state == State::RestOfName;
        let max = if is_name { MAX_NAME } else { MAX_CAPTURE };
        self.length += bytes;
        if self.length <= max && (is_name || self.keeps) {
            self.buffer
                .extend_from_slice(chunk.get(..bytes).unwrap_or_default());
        }
        self.position += bytes as u64;
        chunk.advance(bytes);
        if !ended {
            return Ok(());
        }
        if is_name {
            let name = serde_json::from_slice(&self.buffer).ok();
            self.path.push(name.filter(|_| self.length <= max));
            self.state = State::Colon;
            return Ok(());
        }
        let value = if self.length <= max {
            Captured::Json(std::mem::take(&mut self.buffer))
        } else {
            Captured::Unreadable
        };
        if self.place_of(&self.list) == Place::There {
            // `null`, as Go writes an empty list.
            if value != Captured::Json(b"null".to_vec()) {
                return Err(self.no_list(self.position - self.length as u64));
            }
            self.lists += 1;
        }
        self.keep(&value);
        self.value_ended();
        Ok(())
    }
}
