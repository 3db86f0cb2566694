"""What gunicorn reads when it is started in this folder, by `manage.py up` or by hand."""

logger_class = "wellness.serverlog.ServerLogger"
