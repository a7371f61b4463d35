alter table saga_history drop column actor, drop column remark;
