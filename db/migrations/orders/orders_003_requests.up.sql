-- What somebody asked of a saga says who and why.

alter table saga_history
    add column actor  text,   -- such as 'customer:ana', 'ops:olga', 'cli:root'; null for events and deadlines
    add column remark text;   -- why, in an operator's words
