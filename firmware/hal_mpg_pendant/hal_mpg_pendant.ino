// SPDX-License-Identifier: GPL-2.0-or-later
//
// Firmware for the ordinary wired MPG pendant: a quadrature handwheel, an axis and a scale selector, an
// enabling button, a normally closed E-stop, a lamp. It speaks the hal_mpg line protocol, version 1
// (docs/serial-protocol.md). What is wired where is in config.h and in firmware/README.md.
//
// This is not a safety function. The E-stop button belongs in the machine's hard-wired circuit.

#include <Arduino.h>

#include "board.h"
#include "config.h"

#include "clock.h"
#include "contacts.h"
#include "lines.h"
#include "quadrature.h"

// Between two state lines: while a change is fresh, because the wheel was turned (at least), otherwise.
constexpr Ticks FRESH = fromMs(10), TURNED = fromMs(5), REST = fromMs(20);
constexpr Ticks CHANGE_IS_FRESH = fromMs(100);
constexpr Ticks GREETING = fromMs(900);
constexpr Ticks COMPUTER_GONE = fromMs(2000);
constexpr Ticks WHEEL_STANDS = fromMs(1000);

// A line of which the port has taken nothing more for so long is thrown away: nobody reads.
constexpr Ticks NOBODY_READS = fromMs(100);

constexpr uint8_t AXIS_CONTACTS[] = AXIS_PINS;
#ifdef SCALE_PINS
constexpr uint8_t SCALE_CONTACTS[] = SCALE_PINS;
#endif
constexpr uint8_t SWITCH_CONTACTS[][2] = {
#ifdef ESTOP_PIN
    {ESTOP_PIN, GUARD},
#endif
#ifdef RESET_PIN
    {RESET_PIN, BUTTON},
#endif
#ifdef ENABLE_PIN
    {ENABLE_PIN, GUARD},
#endif
    {255, BUTTON}  // the end
};
#ifdef BUTTON_PINS
constexpr uint8_t BUTTON_CONTACTS[] = BUTTON_PINS;
#endif
#ifdef LAMP_PINS
constexpr uint8_t LAMP_OUTPUTS[] = LAMP_PINS;
#endif

// What the pendant has, in the protocol's words.
constexpr char CONTROLS[] = "axis=" AXES
#ifdef SCALES
                            " scale=" SCALES
#endif
#ifdef ESTOP_PIN
                            " estop"
#endif
#ifdef RESET_PIN
                            " reset"
#endif
#ifdef ENABLE_PIN
                            " enable"
#endif
#ifdef BUTTONS
                            " buttons=" BUTTONS
#endif
#ifdef LAMPS
                            " leds=" LAMPS
#endif
    ;

static_assert(sizeof AXES - 1 == sizeof AXIS_CONTACTS, "config.h: AXES and AXIS_PINS are not equally many");
static_assert(sizeof AXIS_CONTACTS <= 8, "config.h: the axis selector has at most 8 positions");
static_assert(sizeof PENDANT_NAME > 1 && sizeof PENDANT_NAME <= 33,
              "config.h: PENDANT_NAME has 1 to 32 characters");
static_assert(sizeof CONTROLS + sizeof PENDANT_NAME + 16 <= LineOut::MOST,
              "config.h: names are too long for one line");
static_assert(COUNTS_PER_DETENT == 4 || COUNTS_PER_DETENT == 2 || COUNTS_PER_DETENT == 1,
              "config.h: COUNTS_PER_DETENT is 4, 2 or 1");
#if defined(ARDUINO_ARCH_AVR)
static_assert(digitalPinToInterrupt(WHEEL_A_PIN) != NOT_AN_INTERRUPT,
              "config.h: WHEEL_A_PIN has no interrupt");
static_assert(digitalPinToInterrupt(WHEEL_B_PIN) != NOT_AN_INTERRUPT,
              "config.h: WHEEL_B_PIN has no interrupt");
#endif

namespace {  // some cores have functions of such names

// A switch or a selector, and its pins.
struct Control {
  const uint8_t *pins;
  uint8_t count;
  Contact contact;

  uint8_t read() const {
    uint8_t closed = 0;
    for (uint8_t i = 0; i < count; ++i) {
      if (digitalRead(pins[i]) == CLOSED) closed |= 1 << i;
    }
    return closed;
  }
};

constexpr uint8_t AXIS = 0, SCALE = 1, SWITCHES = 2;
constexpr uint8_t MOST_CONTROLS = SWITCHES + 16;
Control controls[MOST_CONTROLS];
uint8_t controlCount = 0;

// Between the interrupt and the rest: `wheel`, in detents; and the contacts, which both look at.
Quadrature quadrature;
volatile uint16_t wheel = 0;

uint16_t boot = 0;
uint16_t mark = 0;
uint8_t changes = 0, sequence = 0;
uint16_t toldWheel = 0;
Ticks takenAt = 0, stateAt = 0, changeAt = 0, greetingAt = 0, lampsAt = 0, wheelAt = 0;
bool isFresh = false, greetingIsDue = true, hasNews = true, computerIsThere = false, isFirst = true;
LineOut out;
LineIn in;

Ticks moment() { return fromUs(static_cast<uint32_t>(micros())); }

// At an edge of A or B.
void IRAM_ATTR onWheel() {
  const int8_t detents = quadrature.step(digitalRead(WHEEL_A_PIN), digitalRead(WHEEL_B_PIN));
  if (detents == 0) return;
  // A switch that changed right before this detent, and that the main loop has not seen yet, is noted first.
  const Ticks now = moment();
  for (uint8_t i = 0; i < controlCount; ++i) controls[i].contact.saw(controls[i].read(), wheel, now);
  wheel = static_cast<uint16_t>(wheel + detents);
}

void lookAtContacts() {
  for (uint8_t i = 0; i < controlCount; ++i) {
    noInterrupts();
    controls[i].contact.saw(controls[i].read(), wheel, moment());
    interrupts();
  }
}

// The contact that has been unsettled longest, of those that say what a detent is for; or none. With
// interrupts off.
Contact *firstUnsettled() {
  Contact *first = nullptr;
  for (uint8_t i = 0; i < controlCount; ++i) {
    Contact &contact = controls[i].contact;
    if (contact.holdsWheel() && (!first || contact.isBefore(*first))) first = &contact;
  }
  return first;
}

// Where the wheel stood when everything was as it is shown.
uint16_t wheelToTell() {
  noInterrupts();
  const Contact *first = firstUnsettled();
  const uint16_t told = first ? first->place : wheel;
  interrupts();
  return told;
}

// The control that is to be shown as something else now, and as what; or none. In the order in which they
// changed, but guards that open before all others. With interrupts off.
Contact *nextChanged(Ticks now, uint8_t &next) {
  for (uint8_t i = 0; i < controlCount; ++i) {
    Contact &contact = controls[i].contact;
    if (contact.isUrgent(now) && contact.hasChanged(now, next)) return &contact;
  }
  Contact *first = firstUnsettled();
  if (first && first->hasChanged(now, next)) return first;
  for (uint8_t i = 0; i < controlCount; ++i) {
    Contact &contact = controls[i].contact;
    if (!contact.holdsWheel() && contact.hasChanged(now, next)) return &contact;
  }
  return nullptr;
}

// Takes the next change of a switch or a selector, and notes where the wheel stood then.
bool takeChange() {
  noInterrupts();
  const Ticks now = moment();
  const Contact *first = firstUnsettled();
  const uint16_t place = first ? first->place : wheel;
  uint8_t next = 0;
  Contact *changed = nextChanged(now, next);
  if (changed) {
    changed->show(next, now);
    mark = place;
    ++changes;
  }
  interrupts();
  return changed;
}

// Begins a line, behind what may be left of one that nobody wanted, or that a restart cut off.
void beginLine(Ticks now) {
  const bool isCut = !out.isGone() || isFirst;
  isFirst = false;
  out.begin();
  if (isCut) out.end();
  takenAt = now;
}

void writeState(Ticks now) {
  toldWheel = wheelToTell();
  uint16_t switches = 0;
  for (uint8_t i = SWITCHES; i < controlCount; ++i) {
    if (controls[i].contact.shown) switches |= static_cast<uint16_t>(1) << (i - SWITCHES);
  }
  beginLine(now);
  out.text("S");
  out.number(boot);
  out.number(sequence++);
  out.number(toldWheel);
  out.number(mark);
  out.number(changes);
  out.number(controls[AXIS].contact.position());
  out.number(controls[SCALE].contact.position());
  out.hex(switches);
  out.finish();
  stateAt = now;
  hasNews = false;
}

void writeGreeting(Ticks now) {
  beginLine(now);
  out.text("G,1," PENDANT_NAME);
  out.number(boot);
  out.text(",");
  out.text(CONTROLS);
  out.finish();
  greetingAt = now;
  greetingIsDue = false;
}

// Writes the next line, if one is due. Only when the one before is gone: so each says what is true now, and
// each change has a line of its own.
void writeNextLine() {
  const Ticks now = moment();
  if (takeChange()) {
    changeAt = now;
    isFresh = hasNews = true;
  }
  if (elapsed(now, changeAt) >= CHANGE_IS_FRESH) isFresh = false;
  if (elapsed(now, greetingAt) >= GREETING) greetingIsDue = true;
  const Ticks age = elapsed(now, stateAt);
  const Ticks due = isFresh ? FRESH : REST;
  if (hasNews || age >= due || (age >= TURNED && wheelToTell() != toldWheel)) {
    writeState(now);
  } else if (greetingIsDue) {
    writeGreeting(now);
  }
}

// The port is given what it takes without waiting.
void send() {
  for (int room = PENDANT_PORT.availableForWrite(); room > 0 && !out.isGone(); --room) {
    PENDANT_PORT.write(out.takeNext());
    takenAt = moment();
  }
}

void setLamps(uint16_t lit) {
#ifdef LAMP_PINS
  for (uint8_t i = 0; i < sizeof LAMP_OUTPUTS; ++i) digitalWrite(LAMP_OUTPUTS[i], lit >> i & 1 ? HIGH : LOW);
#else
  (void)lit;
#endif
}

void obey(const char *body) {
  uint16_t lit;
  if (body[0] == '?' && body[1] == '\0') {
    greetingIsDue = true;
  } else if (body[0] == 'L' && body[1] == ',' && readHex(body + 2, lit)) {
    setLamps(lit);
    lampsAt = moment();
    computerIsThere = true;
  }
}

void listen() {
  for (uint8_t most = 64; most && PENDANT_PORT.available() > 0; --most) {
    if (in.take(static_cast<char>(PENDANT_PORT.read()))) obey(in.body());
  }
  if (computerIsThere && elapsed(moment(), lampsAt) >= COMPUTER_GONE) {
    computerIsThere = false;
    setLamps(0);
  }
}

void lookAtWheel() {
  const Ticks now = moment();
  noInterrupts();
  if (quadrature.hasMoved()) {
    wheelAt = now;
  } else if (elapsed(now, wheelAt) >= WHEEL_STANDS) {
    quadrature.stands();
    wheelAt = now;
  }
  interrupts();
}

void addControl(const uint8_t *pins, uint8_t count, Kind kind) {
  Control &control = controls[controlCount++];
  control.pins = pins;
  control.count = count;
  control.contact.kind = kind;
  for (uint8_t i = 0; i < count; ++i) pinMode(pins[i], CONTACT_MODE);
}

void addControls() {
  addControl(AXIS_CONTACTS, sizeof AXIS_CONTACTS, SELECTOR);
#ifdef SCALE_PINS
  static_assert(sizeof SCALE_CONTACTS <= 8, "config.h: the scale selector has at most 8 positions");
  addControl(SCALE_CONTACTS, sizeof SCALE_CONTACTS, SELECTOR);
#else
  addControl(nullptr, 0, SELECTOR);
#endif
  for (const uint8_t *control = SWITCH_CONTACTS[0]; *control != 255; control += 2) {
    addControl(control, 1, static_cast<Kind>(control[1]));
  }
#ifdef BUTTON_PINS
  static_assert(sizeof BUTTON_CONTACTS + 3 <= MOST_CONTROLS - SWITCHES, "config.h: too many buttons");
  for (uint8_t i = 0; i < sizeof BUTTON_CONTACTS; ++i) addControl(&BUTTON_CONTACTS[i], 1, BUTTON);
#endif
}

// Waits until no contact bounces, so that the first line says how all of them are. What is held then is no
// press.
void settleContacts() {
  delay(1);  // the pull-up resistors need a moment, with a long cable
  const Ticks start = moment();
  bool isStill = false;
  while (!isStill && elapsed(moment(), start) < CHATTER) {
    feedWatchdog();
    lookAtContacts();
    isStill = elapsed(moment(), start) >= SETTLED;
    for (uint8_t i = 0; i < controlCount; ++i) isStill = isStill && controls[i].contact.isStill(moment());
  }
  for (uint8_t i = 0; i < controlCount; ++i) controls[i].contact.settle(moment());
}

}  // namespace

void setup() {
  startWatchdog();
  boot = bootNumber();
#ifdef LAMP_PINS
  for (uint8_t i = 0; i < sizeof LAMP_OUTPUTS; ++i) pinMode(LAMP_OUTPUTS[i], OUTPUT);
#endif
  setLamps(0);
  PENDANT_PORT.begin(PENDANT_BAUD);
  pinMode(WHEEL_A_PIN, CONTACT_MODE);
  pinMode(WHEEL_B_PIN, CONTACT_MODE);
  addControls();
  settleContacts();
  writeGreeting(moment());
  quadrature.begin(digitalRead(WHEEL_A_PIN), digitalRead(WHEEL_B_PIN));
  attachInterrupt(digitalPinToInterrupt(WHEEL_A_PIN), onWheel, CHANGE);
  attachInterrupt(digitalPinToInterrupt(WHEEL_B_PIN), onWheel, CHANGE);
}

void loop() {
  feedWatchdog();
  lookAtContacts();
  lookAtWheel();
  listen();
  if (out.isGone() || elapsed(moment(), takenAt) >= NOBODY_READS) writeNextLine();
  send();
}
