# nginx's log as JSON, one object a line, as other programs' lines are. Its
# times are UTC, as devproof-serve starts it with TZ=UTC.
s/\\/\\\\/g
s/"/\\"/g
s/[\x01-\x1f\x7f-\xff]/?/g
s|^([0-9]{4})/([0-9]{2})/([0-9]{2}) ([0-9:]{8}) \[([a-z]+)\] (.*)$|{"ts":"\1-\2-\3T\4.000Z","level":"\5","event":"nginx","detail":"\6"}|
t level
s/^(.*)$/{"level":"error","event":"nginx","detail":"\1"}/
:level
s/"level":"(emerg|alert|crit)"/"level":"error"/
s/"level":"notice"/"level":"info"/
